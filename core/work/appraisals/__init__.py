"""Appraisals (考核): how days become weeks, months and a year, as declared; the year frozen under a hash and signed by two people."""
