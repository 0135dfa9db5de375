"""Albedo made of photographed colours: light, shade and strands taken out, gaps completed."""
