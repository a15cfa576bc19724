// validation.hpp: the loss on the training's held-out items. See basin/validation.h.
#pragma once
#include "parameters.hpp"

#pragma GCC visibility push(hidden)
namespace basin {

// At the parameters as they stand. Throws where the script gave no held-out items: run:train { validation = ... }.
inline double validation_loss(const Parameters& parameters) {
  double out = 0;
  call<&basin_validation_interface::loss>(parameters.handle(), &out);
  return out;
}

}  // namespace basin
#pragma GCC visibility pop
