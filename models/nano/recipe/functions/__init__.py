"""The grammar of the Python functions: phrases, the code each stands for, and inputs to call them with."""
