"""Production refuses to start without its secrets; embedded, everything is made once and kept."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from portal.settings import journal_mode

COMPLETE = {
    "PORTAL_MODE": "production",
    "SECRET_KEY": "q8ZrWm" * 10,
    "FIELD_KEY": "v5TkLp" * 10,
    "ALLOWED_HOSTS": "portal.example.org",
    "DATABASE_URL": "postgres://portal@127.0.0.1:1/portal",
    "BROKER_URL": "redis://127.0.0.1:1/0",
}


def python(folder: Path, *command: str, **env: str) -> "subprocess.CompletedProcess[str]":
    """Run Python in an environment that holds nothing but ``env`` and the data folder."""
    kept = {key: os.environ[key] for key in ("PATH", "LANG", "HOME") if key in os.environ}
    return subprocess.run(
        [sys.executable, *command],
        cwd=settings.BASE_DIR,
        env=kept | {"DATA_DIR": str(folder)} | env,
        text=True,
        capture_output=True,
    )


@pytest.mark.parametrize("missing", ["SECRET_KEY", "FIELD_KEY", "ALLOWED_HOSTS"])
def test_production_refuses_to_start_without(missing: str, tmp_path: Path) -> None:
    env = {key: value for key, value in COMPLETE.items() if key != missing}
    done = python(tmp_path, "-c", "import portal.settings", **env)
    assert done.returncode != 0
    assert f"{missing} must be set in production" in done.stderr
    assert not any(tmp_path.rglob("*_key"))


def test_production_refuses_debug_and_unknown_modes(tmp_path: Path) -> None:
    assert "DEBUG must be off" in python(tmp_path, "-c", "import portal.settings", **COMPLETE, DEBUG="on").stderr
    assert "PORTAL_MODE must be" in python(tmp_path, "-c", "import portal.settings", PORTAL_MODE="prod").stderr


def test_the_deployment_check_finds_nothing(tmp_path: Path) -> None:
    done = python(tmp_path, "manage.py", "check", "--deploy", "--fail-level", "WARNING", **COMPLETE)
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_embedded_keys_are_made_once_for_their_owner_only(tmp_path: Path) -> None:
    show = "import portal.settings as s; print(s.SECRET_KEY, s.FIELD_KEY)"
    first, second = (python(tmp_path, "-c", show).stdout for _ in range(2))
    assert first == second
    assert len(set(first.split())) == 2
    for key in ("secret_key", "field_key"):
        assert (tmp_path / "keys" / key).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("version", "journal"),
    [((3, 40, 1), "DELETE"), ((3, 51, 2), "DELETE"), ((3, 51, 3), "WAL"), ((3, 52, 0), "WAL"), ((4, 0, 0), "WAL")],
)
def test_the_write_ahead_log_is_used_only_where_it_is_safe(version: tuple[int, ...], journal: str) -> None:
    assert journal_mode(version) == journal


def test_the_database_runs_with_the_journal_of_its_library(tmp_path: Path) -> None:
    show = (
        "import sqlite3, django; django.setup()\n"
        "from django.db import connection as c\n"
        "from portal.settings import journal_mode\n"
        "q = lambda what: c.cursor().execute(f'pragma {what}').fetchone()[0]\n"
        "expected = journal_mode(sqlite3.sqlite_version_info)\n"
        "print(q('journal_mode').upper() == expected, q('synchronous'), q('foreign_keys'))"
    )
    done = python(tmp_path, "-c", show, DJANGO_SETTINGS_MODULE="portal.settings")
    assert done.stdout.split() == ["True", "2", "1"], done.stderr


@pytest.mark.parametrize(("profile", "values"), [("modern", "8 7200 0"), ("classified", "5 900 90")])
def test_a_password_profile_sets_lock_out_idle_time_and_rotation(tmp_path: Path, profile: str, values: str) -> None:
    show = "import portal.settings as s; print(s.AXES_FAILURE_LIMIT, s.SESSION_IDLE_SECONDS, s.PASSWORD_MAX_DAYS)"
    assert python(tmp_path, "-c", show, PASSWORD_PROFILE=profile).stdout.strip() == values
    own = python(tmp_path, "-c", show, PASSWORD_PROFILE=profile, LOCKOUT_FAILURES="3", SESSION_IDLE_SECONDS="60")
    assert own.stdout.split()[:2] == ["3", "60"]


def test_a_mistyped_profile_or_role_is_refused(tmp_path: Path) -> None:
    assert "PASSWORD_PROFILE must be" in python(tmp_path, "-c", "import portal.settings", PASSWORD_PROFILE="x").stderr
    done = python(tmp_path, "manage.py", "check", SECOND_FACTOR_ROLES="secretary,clerk")
    assert done.returncode != 0
    assert "unknown ['clerk']" in done.stderr
