"""From declared objects to text: statements (values), write (object -> statement), script (project -> flow)."""
