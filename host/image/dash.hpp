// How lines are told apart when there are more of them than colours: in plots (plot.cpp) and in reports (run/chart.cpp).
#pragma once
#include <cstddef>

namespace basin::image {

// Length in pixels of the dashes of line `number` and of the gaps between them: 0, a whole line, while there are colours;
// with the colours once more 6, and 2 from then on.
constexpr int dash_of(std::size_t number, std::size_t colours) {
  const std::size_t again = number / colours;
  return again == 0 ? 0 : again == 1 ? 6 : 2;
}

}  // namespace basin::image
