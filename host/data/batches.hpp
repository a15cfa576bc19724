// Training batches: which items step s sees is a function of (seed, s) alone, prepared ahead on a thread of their own.
#pragma once
#include <condition_variable>
#include <deque>
#include <thread>

#include "data/dataset.hpp"

namespace basin {

struct Batch {
  int64_t step = 0;
  Tensor x0;      // float32 [B,C,H,W] in the model's range, flipped where the draw says so
  Tensor labels;  // int64 [B], -1 for none
};

class Batches {
 public:
  // Every epoch is a permutation of the items (BASIN_PURPOSE_ORDER, step: the epoch); position p of the run is item
  // permutation[p mod N] of epoch p / N; step s holds positions s B .. (s + 1) B - 1. flip: each image is mirrored left to
  // right with probability 1/2 (BASIN_PURPOSE_AUGMENT).
  Batches(std::shared_ptr<const Dataset> data, uint64_t seed, int64_t batch, bool flip, int64_t first_step);
  ~Batches();
  Batch next();  // first_step, first_step + 1, ...; an Error of the data set arrives here

 private:
  Batch prepare(int64_t step);
  const std::vector<int64_t>& permutation(int64_t epoch);
  void work();

  std::shared_ptr<const Dataset> data_;
  uint64_t seed_;
  int64_t batch_, step_;
  bool flip_;
  int64_t epoch_ = -1;
  std::vector<int64_t> order_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Batch> ready_;
  std::exception_ptr failure_;
  bool stop_ = false;
  std::thread worker_;
};

}  // namespace basin
