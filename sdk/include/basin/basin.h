/* basin.h: the whole plugin ABI of Basin. Read core.h first, then the header of the kind you write. */
#ifndef BASIN_H
#define BASIN_H
#include "autograd.h"
#include "core.h"
#include "layer.h"
#include "parameters.h"
#include "process.h"
#include "random.h"
#include "report.h"
#include "state.h"
#include "tensor.h"
#include "validation.h"
/* kinds */
#include "averager.h"
#include "dataset.h"
#include "metric.h"
#include "model.h"
#include "noise_schedule.h"
#include "optimizer.h"
#include "quantizer.h"
#include "sampler.h"
#endif
