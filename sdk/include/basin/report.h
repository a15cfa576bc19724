/* report.h: numbers that an optimizer or averager finds on its way (SAM's sharpness), for the run's curves. */
#ifndef BASIN_REPORT_H
#define BASIN_REPORT_H
#include "parameters.h"
#ifdef __cplusplus
extern "C" {
#endif

#define BASIN_REPORT_INTERFACE "basin.report.draft/1"
typedef struct basin_report_interface {
  uint32_t size;
  /* A number of this step, float [], under a name of letters, digits and '_': metrics.jsonl gets a column with its mean
   * over the steps since the last line. Does not wait for the device. Where nobody trains these parameters nothing
   * happens. [run thread] */
  basin_status (*number)(basin_parameters*, const char* name, basin_tensor* value);
} basin_report_interface;

#ifdef __cplusplus
}
#endif
#endif
