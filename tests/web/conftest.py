"""The application that the tests of pages share (页面测试的应用): to make one costs more than most tests that ask it."""

from __future__ import annotations

import pytest
from flask import Flask

from core.app import create_app
from core.databases import Urls
from core.settings import Settings
from tenants.scope import Wall
from tests.conftest import SECRET


@pytest.fixture(scope="session")
def app(urls: Urls, wall: Wall, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """One for all files of a worker; who changes something about it, or counts its files, makes his own."""
    return create_app(Settings(urls.app, SECRET, tmp_path_factory.mktemp("files")), wall=wall)
