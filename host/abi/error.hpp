// Errors inside the host: one clear sentence and a status that survives the border to plugins and Lua.
#pragma once
#include <basin/core.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace basin {

struct Error : std::runtime_error {
  basin_status status;
  explicit Error(std::string sentence, basin_status status = BASIN_ERROR_ARGUMENT)
      : std::runtime_error(std::move(sentence)), status(status) {}
};

}  // namespace basin
