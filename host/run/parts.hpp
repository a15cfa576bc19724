// Inside the report: its sections as HTML, each from what was collected.
#pragma once
#include <string>
#include <vector>

#include "run/collect.hpp"
#include "run/compare.hpp"

namespace basin {

// A cell of a table; kind: a class, "n" for numbers.
std::string td(const std::string& html, const char* kind = "");
std::string table_of(const std::vector<std::string>& columns, const std::string& rows);
std::string img(const std::string& alt, std::string_view png);  // the file's bytes, inside the page
std::string html_of(const Estimate& e);                         // "0.0573 <small>[0.0551, 0.0595]</small>"

// All metrics in one table; then of each its numbers, their intervals as a picture, its protocol, its curves and its grids
// as contours; then what quantization does to each, and the metrics of models against those of images.
std::string results_html(const Everything& all, std::vector<std::string>& problems);
// The curves of training.
std::string training_html(const Everything& all);
// Sample grids, and cell by cell those of one seed; problems: sentences about files that cannot be read.
std::string pictures_html(const Everything& all, std::vector<std::string>& problems);

}  // namespace basin
