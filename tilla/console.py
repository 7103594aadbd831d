"""What the command lines share: SQL and plans to stdout, everything else to stderr, and how a command ends.

A stream may be closed, full, or of an encoding that knows no Cyrillic; none of that may put a message among the SQL, cut a
statement silently, or end in a traceback.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import os
import sys
from collections.abc import Callable, Sequence

from tilla import errors


def say(line: str) -> None:
    """Print a line on stderr; without one (closed by the caller) say nothing, and never on stdout instead.

    On a terminal, a line with a true ``transient`` is written over by the next one.
    """
    stream = sys.stderr
    if stream is None:
        return
    with contextlib.suppress(OSError):  # nobody listens; the exit code still tells
        terminal = stream.isatty()
        end = "" if terminal and getattr(line, "transient", False) else "\n"
        print(("\r\033[K" if terminal else "") + line, end=end, file=stream, flush=True)


def write_out(text: str) -> None:
    """Write UTF-8 bytes with LF to stdout, whatever the locale.

    Raises:
        UsageError: stdout is closed or cannot take the text (a full disk).
        BrokenPipeError: the reader has gone; :func:`guarded` ends quietly.
    """
    stream = sys.stdout
    if stream is None:
        raise errors.unreadable_file("stdout", os.strerror(errno.EBADF))
    try:
        buffer = getattr(stream, "buffer", None)
        if buffer is None:  # a captured or replaced stdout
            stream.write(text)
        else:
            buffer.write(text.encode())
        stream.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        _forget_stdout()
        raise errors.unreadable_file("stdout", error.strerror or str(error)) from None


def _forget_stdout() -> None:
    """Send what Python would still flush to stdout at its exit to nowhere."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def guarded(main: Callable[[Sequence[str]], int], arguments: Sequence[str]) -> int:
    """Run a command: an error of Tilla's is printed without a traceback, a closed pipe ends quietly."""
    try:
        return main(arguments)
    except errors.TillaError as error:
        _tell(error)
        return 1
    except BrokenPipeError:
        _forget_stdout()
        return 0
    except KeyboardInterrupt:
        say("tilla: interrupted")
        return 1


def without_collection(main: Callable[[Sequence[str]], int], arguments: Sequence[str]) -> int:
    """Run a short command without the garbage collector, the last thing that its process does.

    A declaration lives until it is printed; looking again and again whether it does would cost a quarter of the time.
    """
    gc.disable()
    code = guarded(main, arguments)
    gc.freeze()  # nor is there anything to find on the way out
    return code


def without_secrets(message: str) -> str:
    """A message with whatever looks like a login in it hidden: an argument may be a DSN in the wrong place."""
    from tilla.servers.redaction import redact

    return redact(message)


def _tell(error: errors.TillaError) -> None:
    """Print an error, where it was raised, and of a refused statement the whole and what had run before it."""
    say(f"tilla: {without_secrets(str(error))}")
    for note in getattr(error, "__notes__", ()):
        say(f"    {note}")
    if not isinstance(error, errors.ServerError):
        return
    if error.statement:
        say(f"\n{without_secrets(error.statement)};\n")
    for statement in error.done:
        say(f"done: {without_secrets(statement.partition(chr(10))[0])}")
    if error.statement or error.done:
        number = len(error.done)
        say(f"tilla: {number} statement{'' if number == 1 else 's'} ran before it; run it again and it goes on")
