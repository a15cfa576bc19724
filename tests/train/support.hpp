// What the tests of training, sampling, quantizing and measuring share: plugins found, components made, a tiny model, a
// folder of the test's own, and an optimizer at work on gradients that the test writes out.
#pragma once
#include <basin/optimizer.h>

#include <nlohmann/json.hpp>

#include "measure/denoiser.hpp"
#include "model/safetensors.hpp"
#include "train/optimizer.hpp"
#include "train/trainer.hpp"

#include "catch.hpp"

namespace test {

using basin::Tensor;
using Options = std::vector<std::pair<std::string, basin::Value>>;

basin::Spec spec(const std::string& kind, const std::string& name, const Options& options = {});
// The same as an option of another component: {"base", part("optimizer", "adam")}.
std::shared_ptr<const basin::Spec> part(const std::string& kind, const std::string& name, const Options& options = {});
std::shared_ptr<basin::Object> object(const std::string& kind, const std::string& name, const Options& options = {});
std::shared_ptr<basin::Dataset> dataset(const std::string& name, const Options& options = {});
std::shared_ptr<basin::Model> model(const std::string& name, const Options& options = {});
// adm_unet on 8x8 images: one level of 32 channels, one block, no attention.
std::shared_ptr<basin::Model> tiny_unet(Options more = {});
void randomize(basin::Model& model, uint64_t seed, double scale);  // every parameter N(0, scale^2)

// A folder of the test's own, removed at its end.
struct Folder {
  std::filesystem::path path;
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
};
std::shared_ptr<basin::Run> open_run(const Folder& folder, uint64_t seed = 7, const std::string& precision = "fp32");
std::string text_of(const std::filesystem::path& file);
void cut(const std::filesystem::path& file, uintmax_t bytes);  // truncates it to so many

// The basin::Error that body throws; another exception, or none, is a failure of the test.
template <class Body>
basin::Error error_of(Body body) {
  try {
    body();
  } catch (const basin::Error& error) {
    return error;
  }
  FAIL("no error came");
  throw std::logic_error("unreachable");
}
template <class Body>
std::string refusal(Body body) {
  return error_of(body).what();
}
// One sentence in one line that holds all of these.
bool says(const std::string& sentence, const std::vector<std::string>& parts);

// Bit for bit: NaN equals itself, 0 is not -0.
bool same_bits(const Tensor& a, const Tensor& b);
double relative(const Tensor& a, const Tensor& b);  // |a - b| / |a|, in double
Tensor arena(basin::Parameters& parameters);        // a copy of all values [n]

// How often plugins have read a tensor's values on the host so far, or written some from it: what a captured step may
// not do.
int64_t host_accesses();

// An optimizer on two parameters, a [3,4] and b [5], or on others, with gradients out of a function.
class Workbench {
 public:
  static constexpr int64_t n = 17;
  // gradient(w, call): double [17] -> double [17]; call counts from 0 over all steps.
  using Gradient = std::function<Tensor(const Tensor& w, int64_t call)>;
  using Shapes = std::vector<std::pair<std::string, std::vector<int64_t>>>;
  Workbench(basin::Spec optimizer, const Tensor& begin, Gradient gradient,
            const Shapes& shapes = {{"a", {3, 4}}, {"b", {5}}},
            at::MemoryFormat convolutions = at::MemoryFormat::Contiguous);

  double step();  // gives the loss that the optimizer gives: the number of the call it comes from
  Tensor& values() { return parameters.groups()[0].values; }
  Tensor& gradients() { return parameters.groups()[0].gradients; }
  double rate() { return parameters.groups()[0].rate.item<double>(); }

  struct Visit {  // the arenas when the closure was called, and the rate
    Tensor values, gradients;
    double rate;
  };
  std::vector<Visit> visits;                      // of the last step
  std::function<void(int64_t call)> before_call;  // may throw
  basin::Parameters parameters;
  basin::State state;
  std::shared_ptr<basin::Object> optimizer;

 private:
  Gradient gradient_;
  int64_t calls_ = 0, steps_ = 0;
};
Tensor some_values(uint64_t seed, double scale = 1);  // N(0, scale^2), float32 [17]

// A training of the tiny model on the shapes, with an optimizer, for tests that call train() or its parts.
basin::TrainOptions tiny_training(std::shared_ptr<basin::Model> model, std::shared_ptr<basin::Object> optimizer);
void start_noise_schedule(const basin::TrainOptions& options, basin::State& state);

// Passes a closure on and keeps what every call found and gave.
struct Recorder {
  Recorder(const basin_closure* inner, basin::Parameters& parameters);
  struct Call {
    Tensor values;                // [n] when it was called
    Tensor loss, losses;          // what it gave, losses where they were asked for
    Tensor gradients;             // [n] after it
    std::vector<int64_t> subset;  // of the batch that it was asked for; empty: all
    bool losses_alone;            // no gradients were asked for
  };
  std::vector<Call> calls;
  bool per_sample = false;  // ask for the losses of samples
  basin_closure closure{};

 private:
  const basin_closure* inner_;
  basin::Parameters* parameters_;
};
// One step of a started optimizer with a closure.
void step(const basin::Object& optimizer, const basin_context* context, const basin_closure* closure);

}  // namespace test
