"""Tell what is known of the families before anything is measured: rules with sources, a catalogue."""
