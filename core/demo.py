"""placeholder until the demo room is written"""
PASSWORD = "sancheng-demo"
ACCOUNTS: tuple[tuple[str, str], ...] = ()


def lay_demo(wall, files, tell):  # type: ignore[no-untyped-def]
    """x"""
