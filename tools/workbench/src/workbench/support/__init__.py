"""Support bundles: one ZIP with what somebody needs who looks for a fault from outside, and no secret.

`sources` asks every part, `redaction` cuts what nobody else may read, `bundle` writes the ZIP; `cli` is the command.
"""
