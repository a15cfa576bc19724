// Inside the room: components of the check's own, for those under test that need another one: an optimizer for one
// that wraps it, models for samplers, quantizers and metrics. What they compute is known in closed form.
#pragma once
#include "data/dataset.hpp"
#include "model/model.hpp"

namespace basin::checking {

// A component that a required option of this kind may get; null where the check has none.
std::shared_ptr<const Spec> standin(const std::string& kind);

// w -= rate/20 * gradient: gradient descent of learning rate 0.05.
Spec descent();

// The exact denoiser of N(kMean, kDeviation^2) in every one of [3,8,8] pixels, on this process: predicts epsilon.
constexpr double kMean = 0.1, kDeviation = 0.25;
std::shared_ptr<Model> gaussian_denoiser(std::shared_ptr<const Process> process);

// Two convolutions and a linear layer with random weights N(0, 0.1^2): [3,8,8] and t -> epsilon.
std::shared_ptr<Model> small_model(uint64_t seed);

// [3,8,8] float32 images out of N(kMean, kDeviation^2): `count` of them, without labels.
std::shared_ptr<Dataset> gaussian_data(int64_t count);

}  // namespace basin::checking
