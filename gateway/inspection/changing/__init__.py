"""What is written anew: values out of a closed-off child, a new file by the guard, persons masked."""
