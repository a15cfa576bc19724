// The loss on held-out items that a plugin may ask for while its parameters are trained (basin/validation.h).
#pragma once
#include "train/trainer.hpp"

namespace basin {

// The training's loss, unweighted and without dropout, over at most 256 items spread evenly over options.validation;
// item, level and noise are functions of the seed, the same at every call.
double validation_loss(const TrainOptions& options, uint64_t seed);

// Answers for these parameters, until it is destroyed, with what `loss` gives.
class ServedValidation {
 public:
  ServedValidation(Parameters& parameters, std::function<double()> loss);
  ~ServedValidation();
  ServedValidation(const ServedValidation&) = delete;
  ServedValidation& operator=(const ServedValidation&) = delete;

 private:
  Parameters& parameters_;
};

void add_validation_interface();

}  // namespace basin
