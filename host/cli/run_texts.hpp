// One run, or several beside each other, as text for a terminal and as JSON.
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "run/cells.hpp"
#include "run/collect.hpp"

namespace basin::cli {

// all_options: also those left at their defaults.
std::string run_text(const Everything& all, size_t run, bool all_options);
nlohmann::json run_json(const Everything& all, size_t run);

std::string comparison_text(const Everything& all, const std::vector<Cells>& cells);
nlohmann::json comparison_json(const Everything& all, const std::vector<Cells>& cells);

}  // namespace basin::cli
