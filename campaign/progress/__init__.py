"""Figures that are ready before anyone asks: written with the records, summed at roll-up points, recounted from the records."""
