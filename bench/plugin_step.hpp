// Basin's own steps, for timing: a model built by the adm_unet plugin and stepped by the adam plugin, as training does,
// on inputs that are given.
#pragma once
#include <string>
#include <vector>

#include "abi/context.hpp"
#include "model/model.hpp"

namespace basin::bench {

// The folder of plugins beside the program that runs; interfaces and factories. Once, before anything else.
void start_host();

class PluginStep {
 public:
  // options: of adm_unet; convolutions: the layout of their weights, and what x is given in
  PluginStep(std::vector<Option> options, at::Device device, Precision precision,
             at::MemoryFormat convolutions = at::MemoryFormat::ChannelsLast);

  Model& model() { return *model_; }

  // Forward, mean squared error with e [B,3,H,W], backward, gradients into the arena, AdamW (lr 1e-4, no decay).
  // Dropout is on, where the model has it. The loss.
  Tensor train(const Tensor& x, const Tensor& t, const Tensor& e);
  // One forward pass without gradients: a step of a sampler but for its own arithmetic.
  Tensor sample(const Tensor& x, const Tensor& t);

 private:
  Tensor pass();  // the closure: forward, loss, backward
  std::shared_ptr<Model> model_;
  std::unique_ptr<Object> adam_;
  State state_;
  uint64_t step_ = 0;
  Tensor x_, t_, e_;  // of the step that runs
};

// The options of peer_adm.py's configurations by the same names, "mini" or "cifar10".
std::vector<Option> adm_options(const std::string& name);

// x, t and e of a batch: standard normal, t whole numbers below 1000 as fp32.
struct Inputs {
  Tensor x, t, e;
};
Inputs make_inputs(int64_t batch, int64_t image, at::Device device, at::MemoryFormat format);

// "Intel(R) Xeon(R) Processor, 2 threads" or the GPU's name.
std::string machine(at::Device device);

}  // namespace basin::bench
