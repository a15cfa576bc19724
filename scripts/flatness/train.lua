-- Trains everything that the scripts of this folder measure, and measures nothing: for a machine that is free at night.
--
--   ./basin run scripts/flatness/train.lua --set data=DIR
local basin = require "basin"
local study = require "study"

for _, seed in ipairs(study.seeds) do
  for _, method in ipairs(study.methods) do
    local _, run, trained = study.train(method, seed)
    print(("%s  loss %.4f  %.0f s"):format(run.folder, trained.loss, trained.seconds))
  end
end
