"""Letters to find organisations by, records of the conditions that hold, and the search index on PostgreSQL."""

from django.db import migrations

from members import search_index


class Migration(migrations.Migration):
    # On PostgreSQL the index is built while the table stays writable.
    atomic = False

    dependencies = [("members", "0003_people")]

    operations = search_index.operations
