// A metric plugin at work: images or a model, measured against a data set; the host serves it (basin/metric.h).
#pragma once
#include "data/dataset.hpp"
#include "measure/sampling.hpp"

namespace basin {

struct Subject {  // exactly one of these is measured
  std::shared_ptr<const Images> images;
  std::shared_ptr<Model> model;
  std::shared_ptr<const Dataset> data;
};

struct MeasureOptions {
  std::shared_ptr<Object> metric;
  Subject subject;
  std::shared_ptr<const Dataset> reference;        // both may be null, and one of them is
  std::shared_ptr<const Images> reference_images;  // as many as are measured, where the metric compares pairs
  std::shared_ptr<const Process> process;          // of the model
  uint64_t seed = 0;
};

// {"metric", "label", "scalars": [{"name","value","low","high"}], "curves": [...], "grids": [...], "protocol": {...},
// "seconds"}; a grid's z is a list of rows, one for each y.
// Parameters that the metric moved are put back, also after an error.
nlohmann::json measure(const MeasureOptions& options);

void add_measurement_interface();

}  // namespace basin
