"""Encoders: values as the outside world wants them."""
