"""What pictures are made of: svg (the one place that escapes), theme (colours by role), layout, scales, charts (live)
and chart_svg (the same for a page without plotly), tables, grid (signs that answer to pointer and keys), bits, picture
(a drawing with its text twin), verdict and cards and sources (one look for each; code in colours is the editor's), live
(the static form of each view), slider, outputs, board, work and upload with files, filtered tables.
"""
