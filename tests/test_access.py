"""Access: what is granted, what is refused, and that it converges whatever was there before."""

from __future__ import annotations

import re

import pytest

import tilla as tl
from tests import shop_project as shop
from tilla import errors
from tilla import types as t
from tilla.ddl.script import Script
from tilla.engines import MergeTree
from tilla.objects.access import access_statements
from tilla.objects.limits import KEYS, RESOURCES, UNITS
from tilla.objects.patterns import read_pattern
from tilla.objects.privileges import PRIVILEGES
from tilla.objects.roles import CAPS

HASH = "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8"
OBJECTS = (shop.raw_events, shop.events, shop.daily, shop.revenue)
CURATED = ("data_klaviyo.*", "analytics_klaviyo.*")


def sql_of(*items, on_cluster="", **how):
    return [sql for _, sql, _ in access_statements(items, on_cluster, **how)]


def made(*items):
    return tl.project("shop", *OBJECTS, *items)


def mistakes_of(*items):
    with pytest.raises(errors.TillaError) as caught:
        made(*items)
    return [m.code for m in caught.value.mistakes]


def everything():
    """One object of every kind, with every option."""
    base = tl.Role("base role", select="data_klaviyo.events")
    role = tl.Role(
        "analyst", select=CURATED, roles=base, readonly=2, settings={"max_threads": 4, "join_algorithm": "hash"},
        grants=(tl.Grant("dictGet", on="data_klaviyo.*"), tl.Grant("SELECT", on=shop.events, columns=(shop.Event.value, "metric_id"))),
    )  # fmt: skip
    loader = tl.Role(
        "loader",
        select="raw_klaviyo.*",
        raw=True,
        grants=tl.Grant("INSERT", on="raw_klaviyo.eve*"),
        caps={"max_threads": 2},
    )
    keys = (tl.Auth.sha256_hash(HASH, "pepper"), tl.Auth.ssh_key("ssh-ed25519 AAAAC3Nz+a/Zz= me@here"))
    user = tl.User(
        "an'na@shop", auth=keys, roles=(role, base), hosts=("10.0.0.0/8", "::1", "etl.example", "%.corp", "localhost"),
        default_database="data_klaviyo", valid_until="2030-01-01",
    )  # fmt: skip
    robot = tl.User("robot", auth=tl.Auth.certificate("robot.example"), roles=loader)
    ldap = tl.User("kim", auth="external", roles=base)
    nobody = tl.User("nobody", auth=tl.Auth.bcrypt_hash("$2a$12$" + "a" * 53))
    profile = tl.SettingsProfile(
        "caps", settings={"max_threads": 2}, constant={"max_memory_usage": 10, "readonly": 2}, limits={"max_execution_time": (1, 60)},
        inherit="default", to=(role, user),
    )  # fmt: skip
    quota = tl.Quota("quota", limits={"hour": {"queries": 5, "execution_time": 2.5}, "15 minutes": {}}, to=role)
    shared = tl.Quota("shared", limits={"1 day": {"read_rows": 10**11}}, keyed_by="none", to=(robot,))
    policy = tl.RowPolicy("own rows", on=shop.events, using=shop.Event.metric_id.is_in(["it's", "b"]), to=(role, user))
    strict = tl.RowPolicy("strict", on=("data_klaviyo.events",), using=tl.sql("value\n> 0"), to=base, restrictive=True)
    client = tl.ReadOnlyClient(
        "acme",
        select=CURATED,
        auth=tl.Auth.double_sha1_hash("8DCDD69CE7D121DE8013062AEAEB2A148910D50E"),
        quota={"1 hour": {"queries": 9}},
    )
    return base, role, loader, user, robot, ldap, nobody, profile, quota, shared, policy, strict, client


@pytest.mark.parametrize("on_cluster", ["", "main-1"])
def test_every_statement_is_read_by_the_engine(engine, on_cluster):
    """The parser of ClickHouse takes every statement of every kind, also with ON CLUSTER."""
    project = made(*everything())
    statements = sql_of(*project.access, on_cluster=on_cluster)
    assert len(statements) > 40
    assert {sql: reason for sql in statements if (reason := engine.check_syntax(sql)) is not None} == {}
    if on_cluster:
        assert all("ON CLUSTER `main-1`" in sql for sql in statements)


def test_setting_names_are_known_to_the_server(engine):
    """The parser takes any setting name; the ones that Tilla writes on its own must exist."""
    known = {row["name"] for row in engine.rows("SELECT name FROM system.settings")}
    assert {*CAPS, "readonly"} <= known


def test_words_of_quotas_are_those_of_the_parser(engine):
    """Every interval, key and resource that a quota may name is one that ClickHouse reads, and no other is."""
    for key in KEYS[1:]:
        assert engine.check_syntax(f"ALTER QUOTA q KEYED BY {key}") is None, key
    for unit in UNITS:
        for name in RESOURCES:
            assert engine.check_syntax(f"ALTER QUOTA q FOR INTERVAL 2 {unit} MAX {name} = 1") is None, (unit, name)
    assert engine.check_syntax("ALTER QUOTA q FOR INTERVAL 2 hour MAX query_nothing = 1") is not None


# --- roles ---


def test_all_privileges_of_a_role_are_one_statement_that_replaces():
    """A second GRANT ... WITH REPLACE OPTION would undo the first; without REPLACE a removed one would stay."""
    role = tl.Role("tilla_agent_role", select=CURATED, readonly=2, grants=tl.Grant("dictGet", on="data_klaviyo.*"))
    grants = [sql for sql in sql_of(role) if sql.startswith("GRANT")]
    assert grants == [
        "GRANT SELECT ON data_klaviyo.*, SELECT ON analytics_klaviyo.*, dictGet ON data_klaviyo.* TO tilla_agent_role WITH REPLACE OPTION"
    ]


def test_a_role_that_lost_everything_loses_it_on_the_server():
    """With nothing left to grant there is no statement with REPLACE, so everything is revoked."""
    assert sql_of(tl.Role("r"))[1:] == ["ALTER ROLE r SETTINGS NONE", "REVOKE ALL ON *.* FROM r", "REVOKE ALL FROM r"]


def test_readonly_has_constant_caps():
    """readonly = 2 lets a user change settings, so every cap is CONST; caps can be overridden and lifted."""
    role = tl.Role(
        "r", readonly=2, caps={"max_execution_time": 20, "max_rows_to_read": None}, settings={"max_threads": 4}
    )
    assert (
        "ALTER ROLE r SETTINGS max_execution_time = 20 CONST, max_memory_usage = 4294967296 CONST, max_threads = 4, readonly = 2 CONST"
        in sql_of(role)
    )
    assert "CONST" not in " ".join(sql_of(tl.Role("r", settings={"max_threads": 4})))


def test_names_come_first_and_rights_last():
    """A role must exist before it is granted, a limit before there is anything to limit; the order is not alphabetical."""
    role = tl.Role("zebra", select=CURATED)
    user = tl.User("anna", auth=tl.Auth.sha256_hash(HASH), roles=role)
    profile = tl.SettingsProfile("zz", constant={"readonly": 2}, to=role)
    policy = tl.RowPolicy("zp", on=shop.events, using=shop.Event.value > 0, to=role)
    sql = sql_of(user, policy, role, profile)
    heads = [" ".join(s.split()[:2]) for s in sql]
    assert heads == [
        "CREATE SETTINGS", "CREATE ROLE", "CREATE USER", "ALTER SETTINGS", "CREATE ROW",
        "ALTER ROLE", "GRANT SELECT", "REVOKE ALL", "ALTER USER", "REVOKE ALL", "GRANT zebra",
    ]  # fmt: skip
    assert sql == sql_of(role, profile, policy, user)


def test_nothing_replaces_or_drops_what_has_a_state():
    """OR REPLACE of a user or role would drop its grants, of a quota its counters; row policies have no state."""
    for sql in sql_of(*everything()):
        assert "DROP" not in sql
        assert "OR REPLACE" not in sql or sql.startswith("CREATE ROW POLICY")
        assert not sql.startswith("CREATE") or "IF NOT EXISTS" in sql or "OR REPLACE" in sql


# --- patterns ---


@pytest.mark.parametrize(
    ("pattern", "sql"),
    [
        ("d.*", "d.*"), ("d.t", "d.t"), ("d.pre*", "d.pre*"), ("`a-b`.`c d`", "`a-b`.`c d`"), ("`a-b`.*", "`a-b`.*"),
        ("d.`x y`*", "d.`x y`*"), ("d.`a*b`", "d.`a*b`"), ("*.*", "*.*"),
    ],
)  # fmt: skip
def test_patterns_print_as_they_were_meant(engine, pattern, sql):
    """What a pattern prints is what the engine reads, odd names included."""
    assert read_pattern(pattern).sql() == sql
    assert engine.check_syntax(f"GRANT SELECT ON {sql} TO r") is None


@pytest.mark.parametrize("pattern", ["", "d", "*", "d*.t", "d*.*", "d.a*b", "*.t", "a.b.c", "d.t**", 5, None])
def test_patterns_that_mean_nothing_are_refused(pattern):
    """A pattern that ClickHouse would read otherwise, or that reaches into databases of tomorrow, is an error."""
    with pytest.raises(errors.DeclarationError) as caught:
        tl.Role("r", select=(pattern,))
    assert caught.value.code == "T051"


def test_what_patterns_cover():
    """A pattern covers by name, not by fnmatch: `_` and `[` mean themselves."""
    assert read_pattern("d.a_*").covers(("d", "a_b"))
    assert not read_pattern("d.a_*").covers(("d", "axb"))
    assert not read_pattern("d.*").covers(("dd", "t"))


def test_a_relation_stands_for_all_that_its_reader_needs():
    """Reading an Aggregation's view needs its states too: a view runs with its reader's rights."""
    assert tl.Role("r", select=shop.daily).select == (
        "analytics_klaviyo.daily_events",
        "analytics_klaviyo.daily_events_state",
    )
    made(tl.Role("r", select=(shop.daily, shop.events)))


# --- checks against the project ---


def test_grants_on_what_is_not_there_name_the_nearest():
    """A typo in a grant silently grants nothing."""
    with pytest.raises(errors.TillaError) as caught:
        made(tl.Role("r", select=("data_klavyo.*", "data_klaviyo.event", "analytics_klaviyo.weekly*")))
    first, second, third = caught.value.mistakes
    assert (first.code, first.nearest) == ("T052", "data_klaviyo.*")
    assert (second.code, second.nearest) == ("T052", "data_klaviyo.events")
    assert third.code == "T052"


def test_raw_tables_need_to_be_stated():
    """No raw access by accident: by pattern, by name, by everything, by another privilege."""
    for item in (
        tl.Role("r", select="raw_klaviyo.*"), tl.Role("r", select=shop.raw_events), tl.Role("r", select="*.*"),
        tl.Role("r", grants=tl.Grant("INSERT", on="raw_klaviyo.events")),
        tl.ReadOnlyClient("acme", select="raw_klaviyo.*", auth="external"),
    ):  # fmt: skip
        assert mistakes_of(item) == ["T053"]
    made(tl.Role("r", select="raw_klaviyo.*", raw=True))


def test_a_view_that_its_reader_cannot_read_is_refused():
    """ClickHouse checks the tables under a plain view against the reader; the error would come at his first query."""
    view = tl.View("public.summary", None, query=shop.events.select(shop.Event.metric_id))
    reader = tl.Role("r", select="public.*")
    with pytest.raises(errors.TillaError) as caught:
        made(view, reader)
    assert caught.value.code == "T054"
    assert "data_klaviyo.events" in str(caught.value)
    made(view, tl.Role("r", select=("public.*", "data_klaviyo.events")))
    made(
        tl.View(
            "public.summary",
            None,
            query=shop.events.select(shop.Event.metric_id),
            sql_security="DEFINER",
            definer="owner",
        ),
        reader,
    )


def test_roles_must_be_in_the_project():
    """A user of a role that nobody creates would fail on the server."""
    role = tl.Role("r", select=CURATED)
    assert mistakes_of(tl.User("u", auth="external", roles=role)) == ["T060"]
    assert mistakes_of(tl.Quota("q", to=role)) == ["T060"]


def test_a_role_and_a_user_of_one_name_are_refused():
    """GRANT ... TO name would find the user."""
    role = tl.Role("x", select=CURATED)
    assert mistakes_of(role, tl.User("x", auth="external", roles=role)) == ["T061"]


def test_unknown_columns_of_grants_and_policies():
    """Column names are checked against the relation."""
    assert mistakes_of(tl.Role("r", grants=tl.Grant("SELECT", on=shop.events, columns=("valu",)))) == ["T001"]
    role = tl.Role("r", select=CURATED)
    other = tl.columns_of(tl.column(t.String, name="client"))
    assert mistakes_of(role, tl.RowPolicy("p", on=shop.events, using=other.client == "a", to=role)) == ["T001"]


# --- users ---


@pytest.mark.parametrize("secret", ["hunter2", ("hunter2",), b"hunter2", "External"])
def test_a_plain_password_is_refused_and_never_repeated(secret):
    """The message says what to write instead, and does not spread the password."""
    with pytest.raises(errors.DeclarationError) as caught:
        tl.User("u", auth=secret)
    assert caught.value.code == "T055"
    assert "hunter2" not in str(caught.value)
    assert "sha256_hash" in str(caught.value)


@pytest.mark.parametrize(
    "call",
    [
        lambda: tl.Auth.sha256_hash("hunter2"),
        lambda: tl.Auth.sha256_hash("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        lambda: tl.Auth.double_sha1_hash(HASH),
        lambda: tl.Auth.bcrypt_hash("hunter2"),
        lambda: tl.Auth.ssh_key("hunter2"),
        lambda: tl.Auth.certificate(),
    ],
)
def test_hashes_of_the_wrong_form_are_refused(call):
    """A password in the place of its hash, and the hash of an empty one."""
    with pytest.raises(errors.DeclarationError) as caught:
        call()
    assert caught.value.code == "T056"
    assert "hunter2" not in str(caught.value)


def test_a_user_needs_a_way_to_log_in():
    """Nothing at all would be a user without password."""
    for auth in ((), None):
        with pytest.raises(errors.DeclarationError) as caught:
            tl.User("u", auth=auth)
        assert caught.value.code == "T057"


def test_no_repr_shows_a_hash():
    """Reprs end in logs and notebooks."""
    user = tl.User("u", auth=tl.Auth.sha256_hash(HASH, "salt-and-pepper"))
    client = tl.ReadOnlyClient("acme", select=CURATED, auth=user.auth)
    for shown in (repr(user), str(user), repr(user.auth), repr(client), repr(client.user)):
        assert HASH[:8] not in shown
        assert "pepper" not in shown


def test_a_refused_statement_hides_every_hash(engine):
    """A user with two methods: the server's message quotes the statement, and neither hash is in what we show."""
    other = HASH[::-1]
    user = tl.User("u", auth=(tl.Auth.sha256_hash(HASH, "pepper"), tl.Auth.sha256_hash(other)))
    with pytest.raises(errors.StatementRefused) as caught:
        engine.execute(sql_of(user)[0])
    for shown in (str(caught.value), repr(caught.value), caught.value.statement):
        assert HASH not in shown
        assert other not in shown
        assert "pepper" not in shown


def test_an_external_user_only_gets_its_roles():
    """Something else creates it; CREATE USER or ALTER USER would fight with that."""
    role = tl.Role("r", select=CURATED)
    assert sql_of(tl.User("kim", auth="external", roles=role)) == ["GRANT r TO kim WITH REPLACE OPTION"]


def test_a_password_change_keeps_both_for_a_while():
    """Several methods are one clause."""
    user = tl.User("u", auth=(tl.Auth.sha256_hash(HASH), tl.Auth.sha256_hash(HASH[::-1])), hosts=("10.1.0.0/16", "%.a"))
    assert sql_of(user)[0] == (
        f"CREATE USER IF NOT EXISTS u IDENTIFIED WITH sha256_hash BY '{HASH}', sha256_hash BY '{HASH[::-1]}' HOST IP '10.1.0.0/16', LIKE '%.a'"
    )


@pytest.mark.parametrize("host", ["", "a b", "10.0.0.0/8; DROP", "'", 5])
def test_hosts_that_match_nothing_are_refused(host):
    """A host is an address, a name or a pattern."""
    with pytest.raises(errors.DeclarationError) as caught:
        tl.User("u", auth=tl.Auth.sha256_hash(HASH), hosts=(host,))
    assert caught.value.code == "T058"


@pytest.mark.parametrize("name", ["a`b", "a'b", "a.b", "a@b", "select", "Пользователь", "1st", 'a"b', "a\\b", "a\nb"])
def test_odd_names_simply_work(engine, name):
    """Any name is quoted so that the engine reads it back."""
    role = tl.Role(name, select=CURATED)
    user = tl.User(name + "_", auth=tl.Auth.sha256_hash(HASH), roles=role)
    for sql in sql_of(role, user, tl.Quota(name, to=user), tl.SettingsProfile(name, to=role)):
        assert engine.check_syntax(sql) is None, sql


@pytest.mark.parametrize("name", ["", "  ", None, 5, "a\0b"])
def test_no_name_is_an_error(name):
    """A name is text."""
    with pytest.raises(errors.DeclarationError) as caught:
        tl.Role(name)
    assert caught.value.code == "T050"


# --- profiles, quotas, policies ---


def test_altering_a_quota_keeps_the_counters_and_drops_old_intervals():
    """ALTER QUOTA leaves intervals alone that it does not name, so the usual ones are named as lifted."""
    sql = sql_of(tl.Quota("q", limits={"hour": {"queries": 5}}))[-1]
    assert sql.startswith(
        "ALTER QUOTA q KEYED BY user_name FOR INTERVAL 1 hour MAX queries = 5, FOR INTERVAL 1 minute NO LIMITS"
    )
    assert sql.count("NO LIMITS") == len(UNITS) - 2
    assert sql.endswith("TO NONE")


def test_mistakes_in_quotas_are_told_together():
    """Unknown words come with the nearest one."""
    with pytest.raises(errors.DeclarationError) as caught:
        tl.Quota("q", limits={"fortnight": {}, "1 hour": {"querys": 1, "errors": -1}}, keyed_by="username")
    assert sorted(m.code for m in caught.value.mistakes) == ["T062", "T063", "T063", "T064"]
    assert {m.nearest for m in caught.value.mistakes} >= {"queries", "user_name"}


def test_a_profile_with_everything():
    """Defaults, constants and ranges in the order of the names."""
    role = tl.Role("r")
    profile = tl.SettingsProfile(
        "p",
        settings={"max_threads": 2},
        constant={"readonly": 2},
        limits={"max_execution_time": (None, 60)},
        inherit="base",
        to=role,
    )
    assert sql_of(profile)[1] == (
        "ALTER SETTINGS PROFILE p SETTINGS PROFILE 'base', max_execution_time MAX 60, max_threads = 2, readonly = 2 CONST TO r"
    )


def test_bad_settings_are_refused():
    """What cannot be written as a setting is an error where it is declared."""
    for call in (
        lambda: tl.Role("r", settings={"a b": 1}), lambda: tl.Role("r", caps={"a": [1]}),
        lambda: tl.SettingsProfile("p", constant={"a": None}),
    ):  # fmt: skip
        with pytest.raises(errors.DeclarationError) as caught:
            call()
        assert caught.value.code == "T064"
    with pytest.raises(errors.DeclarationError):
        tl.Role("r", readonly=3)


def test_row_policies_say_their_kind():
    """The default kind differs between servers, so it is always written."""
    role = tl.Role("r", select=CURATED)
    policy = tl.RowPolicy("p", on=(shop.events,), using=shop.Event.metric_id == "m", to=role)
    assert sql_of(policy) == [
        "CREATE ROW POLICY OR REPLACE p ON data_klaviyo.events AS PERMISSIVE FOR SELECT USING metric_id = 'm' TO r"
    ]


def test_tables_behind_a_distributed_one_are_covered_too():
    """On a cluster a policy and an exact grant must hold for the local table as well."""
    role = tl.Role("r", select="data_klaviyo.events")
    policy = tl.RowPolicy("p", on=shop.events, using=shop.Event.value > 0, to=role)
    sql = " ; ".join(sql_of(role, policy, local=lambda path: f"{path[0]}.{path[1]}_local"))
    assert "SELECT ON data_klaviyo.events, SELECT ON data_klaviyo.events_local TO r" in sql
    assert "ON data_klaviyo.events, data_klaviyo.events_local AS PERMISSIVE" in sql


# --- one declaration per client ---


def test_a_client_is_one_declaration():
    """User, role, caps and quota; the caps bind the user too, so that SET ROLE NONE gives nothing up."""
    client = tl.ReadOnlyClient(
        "acme", select=CURATED, auth=tl.Auth.sha256_hash(HASH), hosts="203.0.113.7", max_execution_time=60, max_rows_to_read=None,
        caps={"max_threads": 4}, quota={"1 hour": {"queries": 1000}},
    )  # fmt: skip
    sql = sql_of(*made(client).access)
    assert (
        "ALTER SETTINGS PROFILE acme_profile SETTINGS max_execution_time = 60 CONST, max_memory_usage = 4294967296 CONST, "
        "max_threads = 4 CONST, readonly = 2 CONST TO acme_role, acme"
    ) in sql
    assert "GRANT SELECT ON data_klaviyo.*, SELECT ON analytics_klaviyo.* TO acme_role WITH REPLACE OPTION" in sql
    assert "GRANT acme_role TO acme WITH REPLACE OPTION" in sql
    assert any(s.startswith("ALTER QUOTA acme_quota") and s.endswith("TO acme_role, acme") for s in sql)
    assert not any("raw_klaviyo" in s for s in sql)


def test_an_external_client_binds_its_role():
    """Without a user of Tilla's, profile and quota go with the role."""
    client = tl.ReadOnlyClient("kim", select=CURATED, auth="external", quota={"1 day": {"queries": 5}})
    sql = sql_of(client)
    assert not any("USER" in s for s in sql)
    assert all(s.endswith("TO kim_role") for s in sql if s.startswith(("ALTER SETTINGS", "ALTER QUOTA")))


def test_a_role_of_a_client_serves_policies():
    """What a client stands for counts as part of the project."""
    client = tl.ReadOnlyClient("acme", select=CURATED, auth="external")
    made(client, tl.RowPolicy("p", on=shop.events, using=shop.Event.metric_id == "acme", to=client.role))


# --- projects ---


def test_renaming_a_database_renames_grants():
    """The same project for another client: every pattern follows."""
    role = tl.Role("r", select=(*CURATED, shop.daily), grants=tl.Grant("dictGet", on="data_klaviyo.`a b`*"))
    client = tl.ReadOnlyClient("acme", select=CURATED, auth="external", default_database="data_klaviyo")
    policy = tl.RowPolicy("p", on=shop.events, using=shop.Event.value > 0, to=(role, client.role))
    project = tl.project(
        "s",
        *OBJECTS,
        tl.Table("data_klaviyo.`a b c`", [tl.column(t.Int8, name="x")], engine=MergeTree(order_by=())),
        role,
        client,
        policy,
    )
    renamed = project.rename({"data_klaviyo": "acme-data", "analytics_klaviyo": "acme_analytics"})
    text = "\n".join(sql_of(*renamed.access))
    assert not re.search(r"\b(data|analytics)_klaviyo\b", text)
    assert "SELECT ON `acme-data`.*, SELECT ON acme_analytics.*" in text
    assert "dictGet ON `acme-data`.`a b`*" in text
    assert "acme_analytics.daily_events_state" in text
    assert "ON `acme-data`.events AS PERMISSIVE" in text
    assert renamed["acme"].default_database == "acme-data"
    back = renamed.rename({"acme-data": "data_klaviyo", "acme_analytics": "analytics_klaviyo"})
    assert sql_of(*back.access) == sql_of(*project.access)


def test_selecting_a_role_takes_what_it_covers():
    """`--select role` gives a project that is whole: the tables of its grants, and the roles it includes."""
    base = tl.Role("base", select="analytics_klaviyo.revenue")
    role = tl.Role("r", select="data_klaviyo.*", roles=base)
    user = tl.User("u", auth="external", roles=role)
    part = made(base, role, user).select("u")
    assert {o.name for o in part.objects} >= {
        "u",
        "r",
        "base",
        "data_klaviyo.events",
        "analytics_klaviyo.revenue",
        "raw_klaviyo.events",
    }
    assert "analytics_klaviyo.daily_events" not in {o.name for o in part.objects}


def test_equal_declarations_are_equal():
    """Values: merging two projects that share a role keeps one."""
    one, two = (
        tl.Role("r", select=CURATED, readonly=2, caps={"a": 1, "b": 2}),
        tl.Role("r", select=CURATED, readonly=2, caps={"b": 2, "a": 1}),
    )
    assert one == two
    assert hash(one) == hash(two)
    assert one != tl.Role("r", select=CURATED)
    assert len(made(one).merge(made(two)).access) == 1
    policies = [tl.RowPolicy("p", on=shop.events, using=shop.Event.value > n, to=one) for n in (0, 0, 1)]
    assert policies[0] == policies[1]
    assert policies[0] != policies[2]


def test_access_is_the_last_phase_of_the_script():
    """Grants name tables, and the phase can be asked for alone."""
    project = made(tl.Role("tilla_agent_role", select=CURATED, readonly=2))
    statements = Script(project).statements()
    assert [s.phase for s in statements][-4:] == ["access"] * 4
    assert {s.object for s in statements if s.phase == "access"} == {"tilla_agent_role"}
    assert [s.sql for s in Script(project, phases=frozenset({"access"})).statements()] == sql_of(
        project["tilla_agent_role"]
    )


def test_every_privilege_of_the_engine_is_known(engine):
    """system.privileges with its other spellings: what a server grants may be declared, in any case."""
    rows = engine.rows("SELECT privilege, aliases FROM system.privileges")
    there = {name for row in rows for name in (row["privilege"], *row["aliases"])}
    assert len(there) > 200
    assert there - set(PRIVILEGES) == set()
    assert tl.Grant("dictget", on="a.*").sql() == "dictget ON a.*"


@pytest.mark.parametrize(
    ("written", "nearest"),
    [("SELCT", "SELECT"), ("SHOW TABEL", "SHOW TABLES"), ("dictGets", "dictGet"), ("CREATE VUE", "CREATE VIEW")],
)
def test_a_privilege_that_clickhouse_does_not_have_is_refused(written, nearest):
    """It would be printed, and refused by the server in the middle of a script."""
    with pytest.raises(errors.DeclarationError) as caught:
        tl.Grant(written, on="data.*")
    (mistake,) = caught.value.mistakes
    assert (mistake.code, mistake.where, mistake.nearest) == ("T063", "Grant on data.*", nearest)


@pytest.mark.parametrize(
    "declare",
    [
        lambda: tl.Role("r", readonly=2, caps={"max_memory_usage": -1}),
        lambda: tl.Role("r", caps={"max_rows_to_read": 1.5}),
        lambda: tl.Role("r", caps={"max_execution_time": float("nan")}),
        lambda: tl.Role("r", settings={"max_memory_usage": True}),
        lambda: tl.Role("r", settings={"max_memory_usage": "4GB"}),
        lambda: tl.SettingsProfile("r", constant={"max_memory_usage": -5}),
        lambda: tl.SettingsProfile("r", limits={"max_threads": (8, 1)}),
        lambda: tl.SettingsProfile("r", limits={"max_threads": (-1, None)}),
        lambda: tl.Quota("r", limits={"hour": {"queries": float("inf")}}),
    ],
)
def test_a_cap_that_is_none_is_refused(declare):
    """Negative, fractions of rows, not a number: the server refuses some and cuts others in silence."""
    with pytest.raises(errors.DeclarationError) as caught:
        declare()
    assert [m.code for m in caught.value.mistakes] == ["T064"]


def test_caps_as_the_engine_takes_them(engine):
    """Numbers with a suffix, automatic ones, fractions of seconds, -1 where it says that there is no limit."""
    caps = {
        "max_memory_usage": "4G",
        "max_threads": "auto",
        "max_execution_time": 0.5,
        "max_partitions_to_read": -1,
        "max_rows_to_read": 0,
    }
    tl.Role("r", caps=caps)
    for name, value in caps.items():
        engine.execute(f"SELECT 1 SETTINGS {name} = {value if not isinstance(value, str) else repr(value)}")
