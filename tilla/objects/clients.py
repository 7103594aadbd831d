"""A client who reads his own tables and nothing else: one declaration for user, role, caps and quota."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import attrs

from tilla.objects.access import Access
from tilla.objects.auth import Auth, auth_value
from tilla.objects.base import Part, settings_field
from tilla.objects.limits import Quota, SettingsProfile
from tilla.objects.patterns import Pattern, pattern_texts
from tilla.objects.roles import CAPS, Grant, Role, User, as_texts


@attrs.frozen(slots=False, repr=False)
class ReadOnlyClient(Access):
    """A reader with caps: user ``name``, role ``name_role``, profile ``name_profile`` and, with ``quota``,
    ``name_quota``.

    ``select`` lists what may be read (patterns or relations), ``dictionaries`` what ``dictGet`` may use. Raw
    tables are refused unless ``raw=True``. One query may use ``max_memory_usage`` bytes,
    ``max_execution_time`` seconds and read ``max_rows_to_read`` rows; None lifts a cap. ``caps`` adds others,
    such as ``{"max_threads": 4, "max_concurrent_queries_for_user": 8}``. None of them can be changed by the
    client. ``quota`` maps an interval to what it may hold: ``{"1 hour": {"queries": 1000, "execution_time":
    900}}``. The caps bind the user and the role, so that giving up the role gives up nothing else.
    """

    select: tuple[str, ...] = attrs.field(kw_only=True, converter=pattern_texts, metadata={"names": "many"})
    auth: tuple[Auth, ...] | str = attrs.field(kw_only=True, converter=auth_value)
    dictionaries: tuple[str, ...] = attrs.field(
        default=(), kw_only=True, converter=pattern_texts, metadata={"names": "many"}
    )
    raw: bool = attrs.field(default=False, kw_only=True)
    hosts: tuple[str, ...] = attrs.field(default=(), kw_only=True, converter=as_texts)
    max_memory_usage: int | None = attrs.field(default=CAPS["max_memory_usage"], kw_only=True)
    max_execution_time: int | None = attrs.field(default=CAPS["max_execution_time"], kw_only=True)
    max_rows_to_read: int | None = attrs.field(default=CAPS["max_rows_to_read"], kw_only=True)
    caps: Mapping[str, object] = settings_field()
    quota: Mapping[str, Mapping[str, float]] = settings_field()
    default_database: str = attrs.field(default="", kw_only=True, metadata={"names": "database"})
    valid_until: str = attrs.field(default="", kw_only=True)

    def __attrs_post_init__(self) -> None:
        self.members()  # each checks itself

    @cached_property
    def role(self) -> Role:
        """The role, for row policies and for further users."""
        grants = [Grant("dictGet", on=pattern) for pattern in self.dictionaries]
        # The profile below has readonly and the caps; in the role too they would only be a second place to look.
        return Role(f"{self.name}_role", select=self.select, grants=grants, raw=self.raw)

    @cached_property
    def user(self) -> User:
        """The user."""
        return User(
            self.name,
            auth=self.auth,
            roles=self.role,
            hosts=self.hosts,
            default_database=self.default_database,
            valid_until=self.valid_until,
        )

    @cached_property
    def profile(self) -> SettingsProfile:
        """The profile with the caps."""
        caps = {
            "readonly": 2,
            "max_memory_usage": self.max_memory_usage,
            "max_execution_time": self.max_execution_time,
            "max_rows_to_read": self.max_rows_to_read,
            **self.caps,
        }
        constant = {name: value for name, value in caps.items() if value is not None}
        return SettingsProfile(f"{self.name}_profile", constant=constant, to=self._bound)

    @property
    def _bound(self) -> tuple[Role | User, ...]:
        return (self.role,) if self.user.external else (self.role, self.user)

    def members(self) -> tuple[Access, ...]:
        quota = (Quota(f"{self.name}_quota", limits=self.quota, to=self._bound),) if self.quota else ()
        return (self.profile, self.role, self.user, *quota)

    def patterns(self) -> tuple[Pattern, ...]:
        return self.role.patterns()

    def check(self, parts: Sequence[Part], access: Sequence[Access] = ()) -> None:
        """Its members are checked one by one."""
