"""The pages of quantities (工作量各页)."""
