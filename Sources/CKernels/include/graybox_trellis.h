// Sweeps over a finite-memory trellis.
#ifndef GRAYBOX_TRELLIS_H
#define GRAYBOX_TRELLIS_H

#endif
