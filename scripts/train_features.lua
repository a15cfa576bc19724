-- Trains small_features, the feature extractor behind FID and KID until Inception's weights are at hand: a classifier of
-- CIFAR-10, on images of 32x32 and of 16x16, because both are measured with it. Some ten minutes on two cores.
--
--   ./basin run scripts/train_features.lua --set data=DIR        CIFAR-10 in its binary layout
--
-- The weights go to `out`; copied to plugins/models/small_features/small_features.safetensors they are what the plugin
-- begins with.
local basin = require "basin"

basin.arguments {
  data = { type = "folder", help = "CIFAR-10, binary layout" },
  out = { type = "string", default = "small_features.safetensors", help = "the file of weights to write" },
  steps = { type = "integer", default = 10000, minimum = 10, help = "training steps" },
  batch = { type = "integer", default = 128, minimum = 2, help = "images a step" },
  lr = { type = "number", default = 2e-3, help = "learning rate at the start; it falls to 0 along a cosine" },
  seed = { type = "integer", default = 0, help = "of everything" },
}
local args = basin.args

local data = basin.dataset "cifar10" { root = args.data, split = "train" }
local model = basin.model "small_features" { pretrained = false }
local classes = basin.tensor { { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 } }

-- Cross entropy [B] of the labels. In every second batch, by the first of its random numbers, images are halved: the
-- model itself brings them back to 32x32.
local function cross_entropy(model, x0, noise, t, context)
  local batch = #x0
  if t[1]:item() % 2 == 1 then x0 = x0:reshape(batch, 3, 16, 2, 16, 2):mean(4, 6) end
  local logits = model(x0, t)  -- [B,10]
  local right = (1 - (classes - context.labels:reshape(batch, 1)):abs()):clamp(0)  -- [B,10]: 1 where the label is
  local largest = logits:max(2):reshape(batch, 1):detach()
  local total = (logits - largest):exp():sum(2):log() + largest:reshape(batch)
  return total - (logits * right):sum(2)
end

local run = basin.run { name = "train-features", seed = args.seed }
local trained = run:train {
  model = model, data = data, process = basin.process "vp" {}, steps = args.steps, batch = args.batch,
  loss = cross_entropy,
  optimizer = basin.optimizer "lr_schedule" {
    shape = "cosine", warmup = args.steps // 20, steps = args.steps,
    base = basin.optimizer "adam" { lr = args.lr, weight_decay = 1e-2 },
  },
}
model:save(args.out)
print(("cross entropy %.3f in the last steps; weights in %s"):format(trained.loss, args.out))
