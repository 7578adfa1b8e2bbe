"""The lab: labgrid's coordinator and exporter beside a bench, so that others can ask for its slots.

They know what there is and who has it. Nothing that keeps a board safe or a run going depends on them.
"""
