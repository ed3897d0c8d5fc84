"""The policy that every page carries (页面安全策略): nothing from elsewhere, no script or style written into a page."""

from __future__ import annotations

POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'self'; form-action 'self'"
)
