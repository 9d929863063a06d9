"""What pictures are made of: svg (the one place that escapes), theme (colours by role), layout, charts, tables, bits, picture
(a drawing with its text twin), outputs, upload.
"""
