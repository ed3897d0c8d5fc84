"""WHAT people do (业务): the only room that writes."""
