"""Appraisals on the pages (考核各页): rules, previews, what was frozen and signed."""
