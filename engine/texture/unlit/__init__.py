"""From photographed colours to albedo: light, shade and strands taken out, gaps completed."""
