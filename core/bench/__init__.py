"""The nation for trying (全国测试数据): districts, records and sealed figures in bulk, and what reading them takes."""
