"""How the database came to be (数据库迁移): numbered versions, run by the owner role only."""
