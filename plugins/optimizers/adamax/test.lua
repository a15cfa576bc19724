local basin, toy = require "basin", require "toy"
local close, refused = toy.close, toy.refused

local last, first = "out.2.weight", "input_blocks.0.0.weight"  -- the last layer begins as 0, so the first has no gradient

-- The first step moves every weight that has a gradient by lr: m / (1 - beta1) and u are both the gradient's size.
local change = toy.trained("adamax-first", 1, basin.optimizer "adamax" { lr = 1e-3 })
close(change[last]:abs():max():item(), 1e-3, 1e-4)
close(change[last]:abs():mean():item(), 1e-3, 1e-3)
assert(change[first]:abs():max():item() == 0)

-- Decay is a part of the gradient, so a weight without one moves by lr too, towards 0.
local decayed, before = toy.trained("adamax-decay", 1, basin.optimizer "adamax" { lr = 1e-3, weight_decay = 0.1 })
close(decayed[first]:abs():max():item(), 1e-3, 1e-3)
assert((decayed[first] * before[first]):max():item() <= 0)

local _, _, losses = toy.trained("adamax-learns", 40, basin.optimizer "adamax" { lr = 5e-3 })
assert(losses[#losses] < 0.9 * losses[1])

refused("beta1", function() return basin.optimizer "adamax" { beta1 = 1 } end)
print "ok"
