"""Alembic's way in: one version table of our own, the owner's connection handed over by ``core.database``."""

from alembic import context

from core.figures import tables as _figures
from core.work import tables as _work
from tenants import accounts as _accounts
from tenants import models as _models
from tenants.db import Base

ROOMS = (_accounts, _models, _work, _figures)

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
