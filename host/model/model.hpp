// A model at work: built by a plugin, owned and run by the host.
#pragma once
#include <basin/model.h>
#include "abi/layers.hpp"
#include "abi/state.hpp"
#include "diffusion/process.hpp"
#include "plugin/object.hpp"

namespace basin {

struct Port {
  std::string name;
  std::vector<int64_t> sizes;
  bool optional = false;
  int64_t classes = 0;
};

class Model : public basin_object, public std::enable_shared_from_this<Model> {
 public:
  // Builds it on the CPU, initialised with seed 0, or with the weights that its description names.
  static std::shared_ptr<Model> create(Spec spec);

  std::string kind() const override { return "model"; }
  nlohmann::json describe()
      const override;  // component, options, and the hash of its weights once they are not initial

  const Spec& spec() const { return object_->spec(); }
  int32_t target() const { return target_; }  // BASIN_TARGET_
  const std::vector<Port>& inputs() const { return inputs_; }
  const std::vector<Port>& outputs() const { return outputs_; }
  double input_minimum() const { return input_minimum_; }
  double input_maximum() const { return input_maximum_; }
  bool learns_variance() const;
  std::vector<int64_t> sample_shape() const;  // [C,H,W] of "x"

  Layers& layers() { return *layers_; }
  Parameters& parameters() { return layers_->parameters; }

  void initialize(uint64_t seed);
  // Parameters move, and handles stay good. Convolution weights lie channels_last (kConvolutions in model.cpp).
  void to(at::Device device, Precision precision);
  Precision precision() const { return precision_; }
  at::Device device() const { return layers_->parameters.device(); }

  // Inputs as declared, [B, ...], undefined where an optional one is left out; outputs as declared. Sets the context's
  // precision to the model's. Error: an input or output of another shape, by name. [any thread]
  std::vector<Tensor> forward(Context& context, at::TensorList inputs);

  // Weights by name, contiguous, on the CPU, in memory of their own. load: every name and shape must fit; the Error
  // names the first that does not and `origin`.
  std::map<std::string, Tensor> weights() const;
  void load(const std::map<std::string, Tensor>& weights, const std::string& origin);
  std::shared_ptr<Model> copy();  // same structure, device, precision and weights; no hooks

  std::string tree() const;  // layers with shapes and parameter counts, as print(model) shows them

  std::string label;                                       // "ema", "8 bits": what happened to it, for tables
  std::shared_ptr<const Process> process;                  // it was trained on; null before
  std::map<std::string, std::shared_ptr<Model>> averages;  // of its training, by name: what model:averaged gives
  // While it trains: the averages as they stand after the step, made when asked for.
  std::map<std::string, std::function<std::shared_ptr<Model>()>> averages_now;
  std::string run_folder;  // of the run that its weights come from; "" before training
  bool initial = true;     // no training, no loading yet

  // A training that changed the weights says what they were before it: while they are as it left them, `begun_as` is
  // the model that the same training, asked for again, is about. Null where something else changed them.
  void remember(nlohmann::json begun);
  nlohmann::json begun_as() const;

  std::vector<std::shared_ptr<Object>> attached;        // quantizers whose hooks it carries
  std::vector<std::unique_ptr<State>> attached_states;  // theirs: packed weights, scales

 private:
  static std::shared_ptr<Model> build(Spec spec);  // laid out on the CPU; values are zero
  void read_description();
  const std::string& weights_hash() const;

  std::shared_ptr<Object> object_;  // destroyed after the layers
  basin_model_functions functions_{};
  std::unique_ptr<basin_builder> layers_;
  int32_t target_ = 0;
  std::vector<Port> inputs_, outputs_;
  double input_minimum_ = -1, input_maximum_ = 1;
  std::filesystem::path weights_file_;  // of the description; empty: none
  Precision precision_ = Precision::fp32;
  mutable std::string hash_;  // of the weights at hash_version_
  mutable uint64_t hash_version_ = ~0ull;
  nlohmann::json begun_;
  std::string left_;  // the hash of the weights that the training left
};

void add_model_factory();  // a model given as an option becomes a Model (plugin/object.hpp); at start-up

}  // namespace basin
