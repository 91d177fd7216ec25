"""The life of one graduate's file as pure rules: no clock, no database, no Temporal.

Read `machine` first, then the steps in the order of the life. Each step holds its commands, events, rules and
part of the state; `state` puts the parts together, and the steps name it in annotations only.
"""
