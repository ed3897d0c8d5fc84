"""The campaigns that come with the product (随附创建项目); each loads by entry point like a stranger's would."""
