// What a metric plugin holds while it measures: the host's side of basin_measurement (basin/metric.h).
#pragma once
#include <basin/metric.h>

#include "measure/denoiser.hpp"
#include "measure/metric.hpp"

namespace basin {

struct Served {                    // what was given out last of the reference
  Tensor images;                   // items [first, ...)
  int64_t first = 0, version = 0;  // another version: it was written into
};

}  // namespace basin

struct basin_measurement {
  const basin::MeasureOptions* options = nullptr;
  basin_process process;
  basin_denoiser denoiser;
  std::unique_ptr<basin::Context> context;
  nlohmann::json result;
  std::map<const basin_object*, std::string> extractors;  // what each is, as its text was lent
  basin::Served served;
};
