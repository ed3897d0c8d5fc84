"""Finding sites by what they are called (点位检索): every part of name, code, pinyin, initials and address is kept from its letter on.

A text sought anywhere inside is thus the beginning of a kept part, and one look into an ordered index finds it: also two
characters, which no extension's trigrams find, and also behind row-level security, which lets no LIKE use an index.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, func, or_, select, text

from core.work.names import narrow
from core.work.tables import Site, SiteGram
from tenants.scope import ScopedSession

LONGEST = 12  # letters that are kept of a part (ours); what is sought beyond them is compared with the names themselves
WORDS = 4  # words that are heeded (ours)
LAST = "\U0010ffff"  # sorts behind every letter
_CAPITALS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")

# In SQL, so that ten thousand imported shops are indexed within the database; the migration that made the table has the like.
_WRITE = text("""
INSERT INTO site_gram (tenant_id, gram, site_id, rank)
WITH said AS (
  SELECT id, fold[1] AS name, fold[2] AS code, fold[3] AS address, syllables, (
    SELECT coalesce(string_agg(CASE WHEN left(s, 1) BETWEEN '0' AND '9' THEN s ELSE left(s, 1) END, '' ORDER BY i), '')
    FROM unnest(syllables) WITH ORDINALITY AS u(s, i)
  ) AS initials
  FROM (
    SELECT id,
      string_to_array(translate(pinyin, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz'), ' ') AS syllables, (
      SELECT array_agg(translate(replace(normalize(x, NFKC), ' ', ''), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
                                 'abcdefghijklmnopqrstuvwxyz') ORDER BY i)
      FROM unnest(ARRAY[name, coalesce(code, ''), address]) WITH ORDINALITY AS f(x, i)
    ) AS fold
    FROM site WHERE tenant_id = :tenant AND id = ANY(:sites)
  ) s
)
SELECT :tenant, gram, id, min(rank) FROM (
  SELECT id, substr(code, n, 12) AS gram, CASE n WHEN 1 THEN 0 ELSE 4 END AS rank
  FROM said, generate_series(1, length(code)) n
  UNION ALL
  SELECT id, substr(name, n, 12), CASE n WHEN 1 THEN 1 ELSE 4 END FROM said, generate_series(1, length(name)) n
  UNION ALL
  SELECT id, substr(initials, n, 12), CASE n WHEN 1 THEN 2 ELSE 5 END FROM said, generate_series(1, length(initials)) n
  UNION ALL
  SELECT id, left(array_to_string(syllables[n:], ''), 12), CASE n WHEN 1 THEN 3 ELSE 5 END
  FROM said, generate_series(1, cardinality(syllables)) n
  UNION ALL
  SELECT id, substr(address, n, 12), 6 FROM said, generate_series(1, length(address)) n
) g WHERE gram <> '' GROUP BY id, gram
""")


def index_sites(session: ScopedSession, sites: Collection[UUID]) -> None:
    """Keep the parts of what some sites are called now; whoever writes a name, a code, an address or pinyin calls this."""
    if not sites:
        return
    session.flush()
    own = (SiteGram.tenant_id == session.tenant_id, SiteGram.site_id.in_(sites))
    old = delete(SiteGram).where(*own, SiteGram.rank >= 0)  # as the index by site says it
    session.execute(old.execution_options(synchronize_session=False))
    session.execute(_WRITE, {"tenant": session.tenant_id, "sites": list(sites)})


def words_of(said: str) -> list[str]:
    """What is sought, word by word, as it is kept: half-width, small letters. Syllables with blanks between are one word."""
    words = narrow(said).translate(_CAPITALS).split()
    return ["".join(words)] if words and all(word.isascii() for word in words) else words[:WORDS]


def matching(tenant_id: int, word: str) -> Select[UUID, int]:
    """The sites one of whose parts begins with a word, with the rank of that part; a site stands there once for each part."""
    gram = word[:LONGEST]
    return select(SiteGram.site_id, SiteGram.rank).where(
        SiteGram.tenant_id == tenant_id, SiteGram.gram >= gram, SiteGram.gram < gram + LAST
    )


def called(tenant_id: int, said: str) -> list[ColumnElement[bool]]:
    """Conditions on Site: each word of the text is somewhere in name, code, pinyin, initials or address."""
    found: list[ColumnElement[bool]] = []
    for word in words_of(said):
        found.append(Site.id.in_(matching(tenant_id, word).with_only_columns(SiteGram.site_id)))
        if len(word) > LONGEST:
            found.append(holds(word))
    return found


def holds(word: str) -> ColumnElement[bool]:
    """Condition on Site: a long word stands in it as it is (compared with few rows only, those whose part begins like it)."""
    columns = (Site.name, Site.code, Site.address, Site.pinyin)
    plain = (func.lower(func.replace(func.normalize(one, text("NFKC")), " ", "")) for one in columns)
    return or_(*(func.strpos(one, word) > 0 for one in plain))
