"""Settings of the tests: throw-away data folder, fast passwords, mail and tasks in memory."""

import os
import tempfile

# One of each for all processes of a test run: the first to get here names them.
for name in ("DATA_DIR", "RUN_DIR"):
    if name not in os.environ:
        os.environ[name] = tempfile.mkdtemp(prefix="portal-test-")
os.environ.setdefault("SECRET_KEY", "a-key-for-tests-only-a-key-for-tests-only-a-key")
os.environ.setdefault("FIELD_KEY", "a-field-key-for-tests-only-a-field-key-for-tests")

from portal.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CELERY_BROKER_URL = os.environ.get("BROKER_URL", "memory://")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
AXES_ENABLED = False
