// Sample grids cell by cell: the images that several models made of the same noise. Image i of a seed begins from the same
// noise in every run, so what differs between two cells is what differs between the models.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "image/image.hpp"
#include "run/collect.hpp"

namespace basin {

struct Cells {
  std::string title;                  // "ema, seed 0"
  std::vector<std::string> subjects;  // whose images: runs, or the models of one run; the first is compared with
  std::vector<std::string> caveats;   // "sampler: ddpm { steps = 20 } | ddim { steps = 50 }"
  int64_t first = 0;                  // sample id of cell 0
  int count = 0, channels = 0, height = 0, width = 0;
  std::vector<std::vector<std::uint8_t>> images;  // by subject [count,C,H,W]; at most kShownCells

  // Root of the mean squared difference of a cell from the first subject's, in grey levels (0 to 255).
  double difference(size_t subject, int cell) const;
  image::Picture tile(int cell) const;  // the subjects' images of one cell, the first on top
  // Every cell, `columns` tiles a row.
  image::Picture sheet(int columns) const;
};

constexpr int kShownCells = 64;

// Of several runs: for every model (label) that at least two have sampled from one seed. Of one run: its models among each
// other. Files in samples/ that cannot be read are sentences in `problems`.
std::vector<Cells> cells_of(const Everything& all, std::vector<std::string>& problems);

}  // namespace basin
